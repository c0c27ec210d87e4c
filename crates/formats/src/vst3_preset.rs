//! Presets as the files in which VST3 hosts look for them: a header, what the plugin would save,
//! what a browser shows, and a list of where both lie. Numbers are little-endian.

use crate::presets::Preset;

/// The plugin's class, by which hosts know whose a preset is. It never changes.
pub const CLASS_ID: [u8; 16] = *b"QuellDenoiserPlg";
/// Who makes the plugin, as hosts show it and as a folder for presets is called.
pub const VENDOR: &str = "The Quell authors";
/// The plugin, likewise.
pub const PLUGIN: &str = "Quell";
/// How the files end.
pub const ENDING: &str = "vstpreset";

/// Magic, version, class in hexadecimal digits, place of the list.
const HEADER_LEN: usize = 4 + 4 + 32 + 8;
const VERSION: u32 = 1;

/// The whole file.
pub fn encode(preset: &Preset) -> Vec<u8> {
    let info = info(preset);
    let chunks: [(&[u8; 4], &[u8]); 2] =
        [(b"Comp", preset.text.as_bytes()), (b"Info", info.as_bytes())];
    let n_bytes = chunks.iter().map(|(_, data)| data.len()).sum::<usize>();
    let mut file = b"VST3".to_vec();
    file.extend(VERSION.to_le_bytes());
    file.extend(CLASS_ID.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()));
    file.extend(((HEADER_LEN + n_bytes) as u64).to_le_bytes());
    for (_, data) in chunks {
        file.extend(data);
    }
    file.extend(b"List");
    file.extend((chunks.len() as u32).to_le_bytes());
    let mut start = HEADER_LEN;
    for (id, data) in chunks {
        file.extend(id);
        file.extend((start as u64).to_le_bytes());
        file.extend((data.len() as u64).to_le_bytes());
        start += data.len();
    }
    file
}

/// What a browser shows of it without loading the plugin.
fn info(preset: &Preset) -> String {
    let attributes = [
        ("MediaType", "VstPreset"),
        ("PlugInCategory", "Fx|Restoration"),
        ("PlugInName", PLUGIN),
        ("PlugInVendor", VENDOR),
        ("Name", preset.name),
        ("Comment", preset.purpose),
    ];
    let lines = attributes.map(|(id, value)| {
        format!("\t<Attribute id=\"{id}\" value=\"{value}\" type=\"string\" flags=\"\"/>\n")
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<MetaInfo>\n{}</MetaInfo>\n",
        lines.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::FACTORY;

    fn number(file: &[u8], at: usize) -> usize {
        u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize
    }

    /// Read by the list at its end, as hosts do.
    #[test]
    fn every_preset_lies_where_its_list_says() {
        for preset in &FACTORY {
            let file = encode(preset);
            assert_eq!(&file[..4], b"VST3");
            assert_eq!(&file[8..40], b"5175656C6C44656E6F69736572506C67");
            let list = number(&file, 40);
            assert_eq!((&file[list..list + 4], file[list + 4]), (&b"List"[..], 2));
            let entries = [list + 8, list + 28];
            assert_eq!(file.len(), list + 48);
            let [state, info] = entries.map(|at| {
                let start = number(&file, at + 4);
                &file[start..start + number(&file, at + 12)]
            });
            assert_eq!(entries.map(|at| &file[at..at + 4]), [b"Comp", b"Info"]);
            assert_eq!(state, preset.text.as_bytes());
            assert!(std::str::from_utf8(info).unwrap().contains(preset.purpose));
        }
    }

    /// Nothing is escaped, so nothing may have to be.
    #[test]
    fn no_text_of_a_preset_has_a_meaning_in_xml() {
        for preset in &FACTORY {
            for text in [preset.name, preset.purpose, VENDOR, PLUGIN] {
                assert!(!text.contains(['<', '>', '&', '"']), "{text}");
            }
        }
    }
}
