//! What is saved of an instance besides settings and print: how its window looks, and the network
//! that what is loaded was made with.

use std::sync::atomic::{AtomicU64, Ordering};

use quell_core::unet::SHIPPED_IDENTITY;
use quell_formats::state::Window;

/// Shared by the main thread and the editor.
pub struct Session {
    model: AtomicU64,
    window: AtomicU64,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            model: AtomicU64::new(SHIPPED_IDENTITY),
            window: AtomicU64::new(pack(Window::default())),
        }
    }
}

impl Session {
    /// The network that what is loaded was made with: kept and saved again, so that a project does
    /// not forget by being opened once.
    pub fn model(&self) -> u64 {
        self.model.load(Ordering::Relaxed)
    }

    /// Remembers the network of a loaded state; without one it is this build's.
    pub fn set_model(&self, model: Option<u64>) {
        self.model.store(model.unwrap_or(SHIPPED_IDENTITY), Ordering::Relaxed);
    }

    /// How the editor's window looks, open or not.
    pub fn window(&self) -> Window {
        unpack(self.window.load(Ordering::Relaxed))
    }

    /// Remembers how the window looks.
    pub fn set_window(&self, window: Window) {
        self.window.store(pack(window), Ordering::Relaxed);
    }
}

fn pack(window: Window) -> u64 {
    u64::from(window.width)
        | u64::from(window.height) << 16
        | u64::from(window.is_light) << 32
        | u64::from(window.scale_percent) << 40
}

fn unpack(word: u64) -> Window {
    Window {
        width: word as u16,
        height: (word >> 16) as u16,
        is_light: word >> 32 & 1 == 1,
        scale_percent: (word >> 40) as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_survives_packing() {
        for window in [
            Window::default(),
            Window { width: 1_234, height: 777, is_light: true, scale_percent: 200 },
            Window { width: u16::MAX, height: 0, is_light: false, scale_percent: 0 },
        ] {
            assert_eq!(unpack(pack(window)), window);
        }
    }
}
