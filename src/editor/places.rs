//! Where presets and prints lie on the user's disk, and how they get there whole.

use std::path::{Path, PathBuf};

/// Largest file that is read, bytes: the widest print in the longest notation is shorter.
const MAX_BYTES: u64 = 64 << 20;

/// The user's folder for presets.
pub(crate) fn presets() -> Option<PathBuf> {
    Some(home()?.join("presets"))
}

/// The names of the presets that stand first in lists.
pub(super) fn favourites() -> Option<PathBuf> {
    Some(home()?.join("favourites.txt"))
}

/// The user's folder for prints.
pub(super) fn prints() -> Option<PathBuf> {
    Some(home()?.join("prints"))
}

/// Quell's own folder, where the system wants such things. `QUELL_HOME` moves it.
pub(crate) fn home() -> Option<PathBuf> {
    #[cfg(test)]
    if let Some(home) = tests::HOME.with_borrow(Clone::clone) {
        return Some(home);
    }
    let variable =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(home) = variable("QUELL_HOME") {
        return Some(home);
    }
    if cfg!(target_os = "windows") {
        variable("APPDATA").map(|folder| folder.join("Quell"))
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|folder| folder.join("Library/Application Support/Quell"))
    } else {
        let config = variable("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
        let config = config.or_else(|| variable("HOME").map(|home| home.join(".config")));
        config.map(|folder| folder.join("quell"))
    }
}

/// Where a search for recordings begins: the user's music, or home.
pub(super) fn sounds() -> Option<PathBuf> {
    let home = std::env::var_os(if cfg!(windows) { "USERPROFILE" } else { "HOME" })?;
    let music = Path::new(&home).join("Music");
    Some(if music.is_dir() { music } else { home.into() })
}

/// Ends the name of a folder in a list.
pub(super) const FOLDER: char = '/';

/// Folders and readable recordings in a folder, sorted, the way up first.
pub(super) fn sounds_in(folder: &Path) -> Vec<String> {
    let mut found: Vec<(bool, String)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str().filter(|name| !name.starts_with('.'))?;
            match path.is_dir() {
                true => Some((false, format!("{name}{FOLDER}"))),
                false => quell_audio::has_readable_ending(&path).then(|| (true, name.to_owned())),
            }
        })
        .collect();
    found.sort_by_key(|(is_file, name)| (*is_file, name.to_lowercase()));
    let up = folder.parent().map(|_| format!("..{FOLDER}"));
    up.into_iter().chain(found.into_iter().map(|(_, name)| name)).collect()
}

/// The path that a name or a path stands for, as it is written.
pub(super) fn plain_path_of(folder: &Path, name: &str) -> PathBuf {
    let name = name.trim();
    match name.strip_prefix("~/") {
        Some(rest) => std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default().join(rest),
        None => folder.join(name),
    }
}

/// Names of the JSON files in a folder, sorted, without their ending.
pub(super) fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let is_json = path.extension().is_some_and(|ending| ending == "json");
            is_json.then(|| path.file_stem()?.to_str().map(str::to_owned)).flatten()
        })
        .collect();
    names.sort_by_key(|name| name.to_lowercase());
    names
}

/// The path that a name or a path stands for: names are files of the folder.
pub(super) fn path_of(folder: &Path, name: &str) -> PathBuf {
    let path = plain_path_of(folder, name);
    if path.extension().is_some_and(|ending| ending == "json") {
        return path;
    }
    let mut whole = path.into_os_string();
    whole.push(".json");
    whole.into()
}

/// Reads a file, or says what is wrong with it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let name = path.display();
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length > MAX_BYTES {
        return Err(format!("'{name}' is too long: choose another file"));
    }
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("'{name}' does not exist: check the name"),
        _ => format!("'{name}' cannot be read ({error}): check its permissions"),
    })
}

/// Writes a file as a whole, and the folder for it where there is none.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = quell_files::folder_of(path);
    std::fs::create_dir_all(folder).map_err(|error| {
        format!("'{}' cannot be written ({error}): choose another place", path.display())
    })?;
    quell_files::write_whole(path, bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;

    use super::*;

    thread_local! {
        /// Another folder for a test, which has a thread of its own.
        pub(super) static HOME: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
    }

    pub(in crate::editor) fn with_home(home: &Path, act: impl FnOnce()) {
        HOME.set(Some(home.to_owned()));
        act();
        HOME.set(None);
    }

    #[test]
    fn names_become_files_of_the_folder_and_paths_stay() {
        let folder = Path::new("/presets");
        assert_eq!(path_of(folder, " my voice "), Path::new("/presets/my voice.json"));
        assert_eq!(path_of(folder, "v1.5"), Path::new("/presets/v1.5.json"));
        assert_eq!(path_of(folder, "/tmp/x.json"), Path::new("/tmp/x.json"));
    }

    #[test]
    fn recordings_are_found_among_other_files_after_the_folders() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.FLAC", "a.wav", "notes.txt", ".hidden.wav"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("Zoo")).unwrap();
        assert_eq!(sounds_in(folder.path()), ["../", "Zoo/", "a.wav", "b.FLAC"]);
        assert_eq!(plain_path_of(folder.path(), "Zoo/"), folder.path().join("Zoo"));
        assert_eq!(plain_path_of(folder.path(), "/x/y.wav"), Path::new("/x/y.wav"));
    }

    #[test]
    fn files_come_back_and_errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/one.json");
        write(&path, b"{}").unwrap();
        assert_eq!(read(&path).unwrap(), b"{}");
        assert_eq!(names_in(path.parent().unwrap()), ["one"]);
        let error = read(&folder.path().join("none.json")).unwrap_err();
        assert!(error.contains("none.json") && error.contains("does not exist"), "{error}");
        // A folder cannot be made where a file is.
        let error = write(&path.join("x.json"), b"").unwrap_err();
        assert!(error.contains("cannot be written"), "{error}");
    }
}
