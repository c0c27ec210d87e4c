//! Keeps the graphics driver loaded once a window has used it.
//!
//! With its last window baseview closes the GL libraries, and they are unloaded. But each thread
//! that has drawn still has their destructors to run when it ends: with two windows closing at
//! once, one thread jumped into a library that the other had just unloaded, and took the host with
//! it. Loading a driver anew for every window is slow and leaks, besides.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::sync::Once;

/// What the file names of GL libraries and drivers hold.
const PARTS: [&str; 6] = ["libEGL", "libGL", "_dri.so", "gallium", "libglapi", "libLLVM"];

/// Called on the window's thread once its context exists; the first call does the work.
pub(super) fn keep_loaded() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        for path in driver_paths(&maps) {
            let Ok(path) = CString::new(path) else { continue };
            // SAFETY: the path is null-terminated; the library is loaded already, so none of its
            // code runs, and the handle is never closed, which is the point.
            unsafe {
                libc::dlopen(
                    path.as_ptr(),
                    libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE,
                )
            };
        }
    });
}

/// Paths of the drivers among the files that a process has mapped.
fn driver_paths(maps: &str) -> BTreeSet<&str> {
    let paths = maps.lines().filter_map(|line| line.find('/').map(|at| &line[at..]));
    paths
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            PARTS.iter().any(|part| name.contains(part))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_found_among_what_is_loaded() {
        let maps = "\
7f00-7f01 r-xp 00000000 08:01 12 /usr/lib/x86_64-linux-gnu/libEGL.so.1.1.0
7f01-7f02 r--p 00001000 08:01 12 /usr/lib/x86_64-linux-gnu/libEGL.so.1.1.0
7f02-7f03 r-xp 00000000 08:01 13 /usr/lib/x86_64-linux-gnu/dri/swrast_dri.so
7f03-7f04 r-xp 00000000 08:01 14 /usr/lib/x86_64-linux-gnu/libc.so.6
7f04-7f05 rw-p 00000000 00:00 0
";
        let found: Vec<_> = driver_paths(maps).into_iter().collect();
        assert_eq!(
            found,
            [
                "/usr/lib/x86_64-linux-gnu/dri/swrast_dri.so",
                "/usr/lib/x86_64-linux-gnu/libEGL.so.1.1.0"
            ]
        );
    }
}
