//! What PipeWire's own programs say of its graph, and what they change in it.

use std::process::{Command, Stdio};

use anyhow::{Result, anyhow, bail};
use serde_json::Value;

use super::config::{INPUT_NODE, NODE};

/// Names of session managers among the clients: without one nothing is connected.
const SESSION_MANAGERS: [&str; 2] = ["WirePlumber", "pipewire-media-session"];

/// A node that can be recorded from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Source {
    pub(super) name: String,
    /// As people know it.
    pub(super) description: String,
}

/// The parts of the graph that matter here.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// Microphones, ours not among them.
    pub(super) sources: Vec<Source>,
    /// Name of the one that programs take by themselves.
    default_source: Option<String>,
    pub(super) has_session_manager: bool,
    /// Number of the node that has the controls; nothing where the filter does not run.
    pub(super) filter_id: Option<u64>,
    /// Whether programs can record from it.
    pub(super) has_quell: bool,
}

impl Graph {
    /// Asks `pw-dump`.
    pub(super) fn read() -> Result<Self> {
        let output = Command::new("pw-dump").stdin(Stdio::null()).output();
        let output = output.map_err(|error| anyhow!("pw-dump cannot be started ({error})"))?;
        let objects: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        match objects.as_array() {
            Some(objects) if output.status.success() => Ok(Self::of(objects)),
            _ => bail!("PipeWire does not answer"),
        }
    }

    fn of(objects: &[Value]) -> Self {
        let mut graph = Self::default();
        for object in objects {
            match object["type"].as_str().and_then(|kind| kind.rsplit(':').next()) {
                Some("Node") => graph.add_node(object),
                Some("Client") => {
                    let name = &object["info"]["props"]["application.name"];
                    graph.has_session_manager |=
                        SESSION_MANAGERS.iter().any(|manager| name == *manager);
                }
                Some("Metadata") => graph.add_metadata(object),
                _ => {}
            }
        }
        graph
    }

    fn add_node(&mut self, object: &Value) {
        let props = &object["info"]["props"];
        let text = |key: &str| props[key].as_str().unwrap_or_default().to_owned();
        let name = text("node.name");
        match (name.as_str(), text("media.class").as_str()) {
            (INPUT_NODE, _) => self.filter_id = object["id"].as_u64(),
            (NODE, _) => self.has_quell = true,
            (_, class) if class.starts_with("Audio/Source") || class == "Audio/Duplex" => {
                self.sources.push(Source { name, description: text("node.description") });
            }
            _ => {}
        }
    }

    fn add_metadata(&mut self, object: &Value) {
        let entries = object["metadata"].as_array().into_iter().flatten();
        for entry in entries.filter(|entry| entry["key"] == "default.audio.source") {
            self.default_source = entry["value"]["name"].as_str().map(str::to_owned);
        }
    }

    /// The microphone of this name or description, or the one that programs take by themselves.
    pub(super) fn source(&self, wanted: Option<&str>) -> Result<&Source> {
        let names = || {
            let names = self.sources.iter().map(|source| format!("'{}'", source.name));
            names.collect::<Vec<_>>().join(", ")
        };
        if let Some(wanted) = wanted {
            let found = self.sources.iter().find(|s| s.name == wanted || s.description == wanted);
            return found.ok_or_else(|| match self.sources[..] {
                [] => anyhow!("there is no microphone '{wanted}', nor any other: connect one"),
                _ => anyhow!("there is no microphone '{wanted}': there are {}", names()),
            });
        }
        let is_default = |source: &&Source| Some(&source.name) == self.default_source.as_ref();
        let found = self.sources.iter().find(is_default).or(self.sources.first());
        found.ok_or_else(|| anyhow!("PipeWire knows no microphone: connect one"))
    }
}

/// Sets parameters of a node.
pub(super) fn set_params(node_id: u64, params: &str) -> Result<()> {
    let output = Command::new("pw-cli")
        .args(["set-param", &node_id.to_string(), "Props", params])
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        bail!("pw-cli cannot set the filter: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(id: u64, name: &str, class: &str) -> Value {
        let props = json!({
            "node.name": name, "node.description": format!("The {name}"), "media.class": class,
        });
        json!({ "id": id, "type": "PipeWire:Interface:Node", "info": { "props": props } })
    }

    #[test]
    fn the_default_microphone_is_taken_and_never_quell_itself() {
        let default = json!([{ "key": "default.audio.source", "value": { "name": "usb" } }]);
        let mut objects = vec![
            node(30, "builtin", "Audio/Source"),
            node(31, "usb", "Audio/Source/Virtual"),
            node(32, "speakers", "Audio/Sink"),
            node(40, "quell.input", "Stream/Input/Audio"),
            node(41, "quell", "Audio/Source"),
            json!({ "id": 5, "type": "PipeWire:Interface:Metadata", "metadata": default }),
        ];
        let graph = Graph::of(&objects);
        assert_eq!((graph.filter_id, graph.has_quell), (Some(40), true));
        assert!(!graph.has_session_manager);
        assert_eq!(graph.source(None).unwrap().name, "usb");
        assert_eq!(graph.source(Some("The builtin")).unwrap().name, "builtin");
        let error = graph.source(Some("speakers")).unwrap_err().to_string();
        assert!(error.contains("'builtin', 'usb'"), "{error}");
        // Programs take Quell by themselves now: it must not listen to itself.
        objects[5]["metadata"][0]["value"]["name"] = json!("quell");
        assert_eq!(Graph::of(&objects).source(None).unwrap().name, "builtin");
        let error = Graph::of(&[]).source(None).unwrap_err().to_string();
        assert!(error.contains("no microphone"), "{error}");
    }
}
