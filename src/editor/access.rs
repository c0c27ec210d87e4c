//! What screen readers hear of a window, and what they do in it.
//!
//! egui makes a tree of names, roles and values if it is asked to, but the window library passes
//! it to no system. So an adapter of the system's stands beside each window: it tells when somebody
//! listens, gets the tree of every frame from then on, and brings what is to be done. While nobody
//! listens no tree is made.
//!
//! Adapters call from threads of their own. All that they hold and touch is a [`Link`], so that no
//! call meets a frame half-way, and none needs the window to exist still.
//!
//! macOS has none. Its adapter registers classes under names that are fixed: the second library
//! of a process that brings them, as Quell's VST3 beside its CLAP, stops the host. And it makes a
//! class of the window's own, which baseview takes away with the window while that still stands.

#[cfg(target_os = "linux")]
#[path = "access/linux.rs"]
mod system;
#[cfg(target_os = "windows")]
#[path = "access/windows.rs"]
mod system;

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use egui::accesskit::{
    ActionHandler, ActionRequest, ActivationHandler, DeactivationHandler, TreeUpdate,
};
use egui::{Context, Event, FullOutput, RawInput};
use nice_plug_egui::RepaintNotifier;
use nice_plug_egui::baseview::WindowContext;

use crate::editor::access::system::Adapter;

thread_local! {
    /// The adapters of this thread's windows. They are made, used and dropped on it: where the
    /// last owner of a window's content is another thread, they go when this one ends.
    static ADAPTERS: RefCell<Vec<(u64, Adapter)>> = const { RefCell::new(Vec::new()) };
}

/// What an adapter and a window's frames tell each other.
struct Link {
    is_heard: AtomicBool,
    requests: Mutex<Vec<ActionRequest>>,
    repaint: RepaintNotifier,
}

impl Link {
    fn hear(&self, is_heard: bool) {
        self.is_heard.store(is_heard, Ordering::Relaxed);
        self.repaint.request_repaint();
    }

    fn ask(&self, request: ActionRequest) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        self.repaint.request_repaint();
    }

    fn take_requests(&self) -> Vec<ActionRequest> {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What an adapter calls.
struct Handlers(Arc<Link>);

impl ActivationHandler for Handlers {
    /// The tree comes with the next frame.
    fn request_initial_tree(&mut self) -> Option<TreeUpdate> {
        self.0.hear(true);
        None
    }
}

impl ActionHandler for Handlers {
    fn do_action(&mut self, request: ActionRequest) {
        self.0.ask(request);
    }
}

impl DeactivationHandler for Handlers {
    fn deactivate_accessibility(&mut self) {
        self.0.hear(false);
    }
}

/// A window's adapter, for as long as this lives.
pub(super) struct Access {
    number: u64,
}

impl Access {
    /// Called on the window's thread before the window is shown.
    pub(super) fn new(egui: &Context, window: &WindowContext, repaint: RepaintNotifier) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let (is_heard, requests) = (AtomicBool::new(false), Mutex::default());
        let link = Arc::new(Link { is_heard, requests, repaint });
        let handlers = || Handlers(Arc::clone(&link));
        if let Some(adapter) = Adapter::new(window, handlers) {
            ADAPTERS.with_borrow_mut(|adapters| adapters.push((number, adapter)));
            egui.add_plugin(Voice { number, link, is_on: false });
        }
        Self { number }
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        // The list is closed again before the adapter goes, and gone where the thread ends.
        let own = ADAPTERS.try_with(|adapters| {
            let mut adapters = adapters.borrow_mut();
            let place = adapters.iter().position(|(number, _)| *number == self.number);
            place.map(|place| adapters.swap_remove(place))
        });
        drop(own);
    }
}

/// Stands between a window's frames and its adapter.
struct Voice {
    number: u64,
    link: Arc<Link>,
    /// Whether frames bring a tree.
    is_on: bool,
}

impl Voice {
    fn with_adapter<R>(&self, act: impl FnOnce(&mut Adapter) -> R) -> Option<R> {
        ADAPTERS.with_borrow_mut(|adapters| {
            let own = adapters.iter_mut().find(|(number, _)| *number == self.number);
            own.map(|(_, adapter)| act(adapter))
        })
    }
}

impl egui::Plugin for Voice {
    fn debug_name(&self) -> &'static str {
        "screen reader"
    }

    fn input_hook(&mut self, egui: &Context, input: &mut RawInput) {
        let is_heard = self.link.is_heard.load(Ordering::Relaxed);
        if is_heard != self.is_on {
            self.is_on = is_heard;
            if is_heard { egui.enable_accesskit() } else { egui.disable_accesskit() }
        }
        if is_heard {
            let requests = self.link.take_requests();
            input.events.extend(requests.into_iter().map(Event::AccessKitActionRequest));
            let has_focus = input.viewport().focused.unwrap_or(true);
            self.with_adapter(|adapter| adapter.set_focus(has_focus));
        }
    }

    fn output_hook(&mut self, _: &Context, output: &mut FullOutput) {
        let Some(mut tree) = output.platform_output.accesskit_update.take() else { return };
        let root = tree.tree.as_ref().map(|tree| tree.root);
        if let Some((_, window)) = tree.nodes.iter_mut().find(|(id, _)| Some(*id) == root) {
            window.set_label("Quell");
        }
        // What it raises may call back into the window: no list is open by then.
        if let Some(raise) = self.with_adapter(|adapter| adapter.tell(tree)) {
            raise();
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::accesskit::{Action, NodeId, TreeId};

    use super::*;

    fn voice() -> (Context, Arc<Link>) {
        let (is_heard, requests) = (AtomicBool::new(false), Mutex::default());
        let link = Arc::new(Link { is_heard, requests, repaint: RepaintNotifier::new() });
        let egui = Context::default();
        egui.add_plugin(Voice { number: u64::MAX, link: Arc::clone(&link), is_on: false });
        (egui, link)
    }

    /// One frame: whether it made a tree, and how many requests came to it.
    fn frame(egui: &Context) -> (bool, usize) {
        let (mut has_tree, mut n_requests) = (false, 0);
        let output = egui.run_ui(RawInput::default(), |ui| {
            let button = ui.button("Press");
            has_tree = ui.ctx().has_accesskit_node(button.id);
            let is_request = |event: &&Event| matches!(event, Event::AccessKitActionRequest(_));
            n_requests = ui.input(|input| input.events.iter().filter(is_request).count());
        });
        output.drop_without_applying_deltas();
        (has_tree, n_requests)
    }

    #[test]
    fn a_tree_is_made_only_while_somebody_listens() {
        let (egui, link) = voice();
        assert_eq!(frame(&egui), (false, 0));
        assert!(Handlers(Arc::clone(&link)).request_initial_tree().is_none());
        assert_eq!(frame(&egui), (true, 0));
        Handlers(link).deactivate_accessibility();
        assert_eq!(frame(&egui), (false, 0));
    }

    #[test]
    fn what_is_asked_for_comes_to_one_frame_and_once() {
        let (egui, link) = voice();
        let mut handlers = Handlers(link);
        handlers.request_initial_tree();
        handlers.do_action(ActionRequest {
            action: Action::Click,
            target_tree: TreeId::ROOT,
            target_node: NodeId(1),
            data: None,
        });
        assert_eq!(frame(&egui), (true, 1));
        assert_eq!(frame(&egui), (true, 0));
    }
}
