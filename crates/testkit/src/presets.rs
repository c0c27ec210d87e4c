//! What a host's browser learns of a plugin's presets without an instance of it, and how it has
//! them loaded.

use std::ffi::{CStr, CString};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clack_extensions::preset_discovery::HostPresetLoadImpl;
use clack_extensions::preset_discovery::prelude::*;
use clack_extensions::state_context::{PluginStateContext, StateContextType};
use clack_host::prelude::*;

use crate::host::{MainThread, Rig};

/// A preset as a browser lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Its file; none where it lies in the plugin.
    pub file: Option<PathBuf>,
    /// As it is called.
    pub name: String,
    /// What tells it from others in the same place.
    pub key: Option<CString>,
    /// What it is for.
    pub description: String,
    /// The plugin that loads it, and the kind of plugin that is.
    pub plugin: (String, String),
}

/// Collects what the plugin declares: folders, and the endings of files that count there.
#[derive(Default)]
struct Places {
    is_in_plugin: bool,
    folders: Vec<PathBuf>,
    endings: Vec<String>,
}

impl IndexerImpl for Places {
    fn declare_filetype(&mut self, file: FileType) -> Result<(), HostError> {
        self.endings.extend(file.file_extension.map(text));
        Ok(())
    }

    fn declare_location(&mut self, place: LocationInfo) -> Result<(), HostError> {
        match place.location {
            Location::Plugin => {
                assert_eq!(place.flags, Flags::IS_FACTORY_CONTENT);
                self.is_in_plugin = true;
            }
            Location::File { path } => {
                assert_eq!(place.flags, Flags::IS_USER_CONTENT);
                self.folders.push(text(path).into());
            }
        }
        Ok(())
    }

    fn declare_soundpack(&mut self, _: Soundpack) -> Result<(), HostError> {
        panic!("there are no sound packs")
    }
}

/// Collects the presets of one place.
#[derive(Default)]
struct List(Vec<Found>);

impl List {
    fn last(&mut self) -> &mut Found {
        self.0.last_mut().expect("a preset has begun")
    }
}

impl MetadataReceiverImpl for List {
    /// A file that is none is not listed, and no more happens.
    fn on_error(&mut self, _: i32, message: Option<&CStr>) {
        assert!(message.is_some_and(|message| !message.is_empty()), "an error says what it is");
    }

    fn begin_preset(&mut self, name: Option<&CStr>, key: Option<&CStr>) -> Result<(), HostError> {
        let name = text(name.expect("a preset has a name"));
        self.0.push(Found { name, key: key.map(CStr::to_owned), ..Found::default() });
        Ok(())
    }

    fn add_plugin_id(&mut self, plugin: UniversalPluginId) {
        self.last().plugin = (text(plugin.abi), text(plugin.id));
    }

    fn set_description(&mut self, description: &CStr) {
        self.last().description = text(description);
    }

    fn set_soundpack_id(&mut self, _: &CStr) {}
    fn set_flags(&mut self, _: Flags) {}
    fn add_creator(&mut self, _: &CStr) {}
    fn set_timestamps(&mut self, _: Option<Timestamp>, _: Option<Timestamp>) {}
    fn add_feature(&mut self, _: &CStr) {}
    fn add_extra_info(&mut self, _: &CStr, _: &CStr) {}
}

fn text(text: &CStr) -> String {
    text.to_str().expect("texts are UTF-8").to_owned()
}

/// All presets that a browser finds, those in the plugin first.
pub fn presets(entry: &PluginEntry) -> Vec<Found> {
    let factory: PresetDiscoveryFactory = entry.get_factory().expect("presets can be discovered");
    let host = HostInfo::new("Quell tests", "Quell", "https://example.org", "1").unwrap();
    let mut found = Vec::new();
    for descriptor in factory.provider_descriptors() {
        let id = descriptor.id().expect("a provider has an id");
        let mut provider = Provider::instantiate(Places::default(), entry, id, &host)
            .expect("a provider can be made");
        assert_eq!(provider.descriptor().id(), Some(id));
        let (folders, endings) =
            (provider.indexer().folders.clone(), provider.indexer().endings.clone());
        if provider.indexer().is_in_plugin {
            let mut list = List::default();
            provider.get_metadata(Location::Plugin, &mut list);
            found.append(&mut list.0);
        }
        for entry in folders.iter().flat_map(|folder| folder.read_dir().expect("a folder")) {
            let file = entry.expect("a file").path();
            let is_one = |ending: &String| file.extension().is_some_and(|own| own == &**ending);
            if endings.iter().any(is_one) {
                let path = CString::new(file.to_str().expect("a path in UTF-8")).unwrap();
                let mut list = List::default();
                provider.get_metadata(Location::File { path: &path }, &mut list);
                list.0.iter_mut().for_each(|preset| preset.file = Some(file.clone()));
                found.append(&mut list.0);
            }
        }
    }
    found
}

impl HostPresetLoadImpl for MainThread {
    fn on_error(&self, _: Location, _: Option<&CStr>, _: i32, message: Option<&CStr>) {
        assert!(message.is_some_and(|message| !message.is_empty()), "an error says what it is");
        self.0.preset_refused.fetch_add(1, Ordering::SeqCst);
    }
    fn loaded(&self, _: Location, _: Option<&CStr>) {
        self.0.preset_loaded.fetch_add(1, Ordering::SeqCst);
    }
}

impl Rig {
    /// True if the plugin loaded the preset from where it said it is.
    pub fn load_preset(&mut self, preset: &Found) -> bool {
        let path = preset.file.as_ref().map(|file| CString::new(file.to_str().unwrap()).unwrap());
        let location = path.as_deref().map_or(Location::Plugin, |path| Location::File { path });
        let presets: PluginPresetLoad = self.extension();
        presets.load_from_location(&self.plugin_handle(), location, preset.key.as_deref()).is_ok()
    }

    /// What a host would save as a preset, a copy or a project.
    pub fn save_as(&mut self, context: StateContextType) -> Vec<u8> {
        let state: PluginStateContext = self.extension();
        let mut bytes = Vec::new();
        state.save(&self.plugin_handle(), &mut bytes, context).expect("state can be saved");
        bytes
    }

    /// True if the plugin took it as such.
    pub fn load_as(&mut self, mut bytes: &[u8], context: StateContextType) -> bool {
        let state: PluginStateContext = self.extension();
        state.load(&self.plugin_handle(), &mut bytes, context).is_ok()
    }
}
