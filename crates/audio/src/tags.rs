//! What a file says about itself beside its samples, carried from one format to the other.

use symphonia::core::meta::{MetadataRevision, StandardTag};

/// Pairs of WAV INFO chunk and Vorbis comment field that mean the same.
const INFO_FIELDS: [([u8; 4], &str); 9] = [
    (*b"INAM", "TITLE"),
    (*b"IART", "ARTIST"),
    (*b"IPRD", "ALBUM"),
    (*b"ICRD", "DATE"),
    (*b"IGNR", "GENRE"),
    (*b"ICMT", "COMMENT"),
    (*b"ITRK", "TRACKNUMBER"),
    (*b"ICOP", "COPYRIGHT"),
    (*b"IMUS", "COMPOSER"),
];

/// Tags of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags {
    /// Vorbis comment fields (upper case) and their values.
    pub fields: Vec<(String, String)>,
    /// Chunks of a WAV file that hold no sound (markers, broadcast data, tags), name and content;
    /// they go into another WAV file as they are.
    pub wav_chunks: Vec<([u8; 4], Vec<u8>)>,
}

impl Tags {
    /// Adds what a decoder found.
    pub(crate) fn add_revision(&mut self, revision: &MetadataRevision) {
        for tag in &revision.media.tags {
            let (key, value) = match tag.std.as_ref().and_then(standard_field) {
                Some((key, value)) => (key.to_owned(), value),
                // FLAC and Ogg name their fields as Vorbis comments do.
                None => (tag.raw.key.to_uppercase(), tag.raw.value.to_string()),
            };
            let is_field = key.bytes().all(|b| (0x20..=0x7d).contains(&b) && b != b'=');
            let is_new = !self.fields.iter().any(|(k, v)| *k == key && *v == value);
            if is_field && !key.is_empty() && is_new && value.len() < 65_536 {
                self.fields.push((key, value));
            }
        }
    }

    /// Adds what the INFO list of a WAV file says.
    pub(crate) fn add_info_list(&mut self, list: &[u8]) {
        let Some(mut rest) = list.strip_prefix(b"INFO") else { return };
        while let [a, b, c, d, l0, l1, l2, l3, body @ ..] = rest {
            let len = u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize;
            let Some(value) = body.get(..len) else { return };
            let value = String::from_utf8_lossy(value);
            let value = value.trim_end_matches('\0').trim();
            let field = INFO_FIELDS.iter().find(|(id, _)| id == &[*a, *b, *c, *d]);
            if let Some((_, field)) = field.filter(|_| !value.is_empty()) {
                self.fields.push(((*field).to_owned(), value.to_owned()));
            }
            rest = body.get(len + len % 2..).unwrap_or(&[]);
        }
    }

    /// The chunks that a WAV file gets: those it had, or its tags as an INFO list.
    pub(crate) fn to_wav_chunks(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.wav_chunks.is_empty() {
            let mut list = b"INFO".to_vec();
            for (id, field) in INFO_FIELDS {
                for (_, value) in self.fields.iter().filter(|(key, _)| key == field) {
                    push_chunk(&mut list, &id, &[value.as_bytes(), b"\0"].concat());
                }
            }
            if list.len() > 4 {
                push_chunk(&mut bytes, b"LIST", &list);
            }
        }
        for (id, body) in &self.wav_chunks {
            push_chunk(&mut bytes, id, body);
        }
        bytes
    }

    /// The body of a VORBIS_COMMENT block (RFC 9639, section 8.6).
    pub(crate) fn to_vorbis_comment(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut push_text = |text: &str| {
            bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        push_text(concat!("Quell ", env!("CARGO_PKG_VERSION")));
        let count = (self.fields.len() as u32).to_le_bytes();
        let mut comments = Vec::new();
        for (key, value) in &self.fields {
            let text = format!("{key}={value}");
            comments.extend_from_slice(&(text.len() as u32).to_le_bytes());
            comments.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(&count);
        bytes.extend_from_slice(&comments);
        bytes
    }
}

/// The Vorbis comment field of what every tag format has.
fn standard_field(tag: &StandardTag) -> Option<(&'static str, String)> {
    Some(match tag {
        StandardTag::TrackTitle(text) => ("TITLE", text.to_string()),
        StandardTag::Artist(text) => ("ARTIST", text.to_string()),
        StandardTag::Album(text) => ("ALBUM", text.to_string()),
        StandardTag::AlbumArtist(text) => ("ALBUMARTIST", text.to_string()),
        StandardTag::ReleaseDate(text) | StandardTag::RecordingDate(text) => {
            ("DATE", text.to_string())
        }
        StandardTag::Genre(text) => ("GENRE", text.to_string()),
        StandardTag::Comment(text) => ("COMMENT", text.to_string()),
        StandardTag::TrackNumber(number) => ("TRACKNUMBER", number.to_string()),
        StandardTag::Copyright(text) => ("COPYRIGHT", text.to_string()),
        StandardTag::Composer(text) => ("COMPOSER", text.to_string()),
        _ => return None,
    })
}

fn push_chunk(bytes: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    bytes.extend_from_slice(id);
    bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
    bytes.extend_from_slice(body);
    if body.len() % 2 == 1 {
        bytes.push(0);
    }
}
