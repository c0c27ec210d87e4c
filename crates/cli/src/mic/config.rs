//! The filter chain: what PipeWire is told, and how its controls are called.

use std::path::Path;

use quell_core::{Choice, Engine, LatencyMode};

/// Name of the node that programs record from.
pub(super) const NODE: &str = "quell";
/// Name of the node that hears the microphone.
pub(super) const INPUT_NODE: &str = "quell.input";
/// Controls of the LADSPA plugin, by the names that it gives them.
const REDUCTION: &str = "Reduction (dB)";
const SENSITIVITY: &str = "Sensitivity";
const ENGINE: &str = "Engine (0 Gate, 1 Classic, 2 Neural, 3 Hybrid)";
const LATENCY: &str = "Latency (0 Live 20 ms, 1 Standard 40 ms, 2 Studio 80 ms)";

/// How the noise is taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Controls {
    pub(super) reduction_db: f32,
    pub(super) sensitivity: f32,
    pub(super) engine: Engine,
    pub(super) latency: LatencyMode,
}

/// The whole configuration of a PipeWire client that is nothing but the filter.
pub(super) fn text(library: &Path, source: &str, controls: &Controls) -> String {
    let Controls { reduction_db, sensitivity, engine, latency } = controls;
    let (library, source) = (quoted(&library.to_string_lossy()), quoted(source));
    let (engine, latency) = (engine.idx(), latency.idx());
    format!(
        r#"# Written by 'quell mic': a microphone called Quell.
context.properties = {{ log.level = 2 }}
context.spa-libs = {{
    audio.convert.* = audioconvert/libspa-audioconvert
    support.*       = support/libspa-support
}}
context.modules = [
    {{ name = libpipewire-module-rt args = {{ nice.level = -11 }} flags = [ ifexists nofail ] }}
    {{ name = libpipewire-module-protocol-native }}
    {{ name = libpipewire-module-client-node }}
    {{ name = libpipewire-module-adapter }}
    {{ name = libpipewire-module-filter-chain
        args = {{
            node.description = "Quell"
            media.name       = "Quell"
            filter.graph = {{
                nodes = [
                    {{
                        type    = ladspa
                        name    = quell
                        plugin  = {library}
                        label   = quell_mono
                        control = {{
                            "{REDUCTION}" = {reduction_db:.1}
                            "{SENSITIVITY}" = {sensitivity:.2}
                            "{ENGINE}" = {engine}
                            "{LATENCY}" = {latency}
                        }}
                    }}
                ]
            }}
            audio.channels = 1
            audio.position = [ MONO ]
            capture.props = {{
                node.name     = "{INPUT_NODE}"
                node.passive  = true
                target.object = {source}
            }}
            playback.props = {{
                node.name   = "{NODE}"
                media.class = Audio/Source
            }}
        }}
    }}
]
"#
    )
}

/// What sets the reduction of a filter that runs; none lets everything through.
pub(super) fn reduction_params(reduction_db: f32) -> String {
    format!("{{ params = [ \"quell:{REDUCTION}\" {reduction_db:.1} ] }}")
}

/// A string of PipeWire's notation, which is JSON's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_called_what_the_plugin_calls_them() {
        let ports = include_str!("../../../ladspa/src/ports.rs");
        for name in [REDUCTION, SENSITIVITY, ENGINE, LATENCY] {
            assert!(ports.contains(&format!("c\"{name}\"")), "{name}");
        }
    }

    #[test]
    fn names_with_quotes_stay_one_string() {
        let controls = Controls {
            reduction_db: -20.0,
            sensitivity: 1.5,
            engine: Engine::Gate,
            latency: LatencyMode::Live,
        };
        let text = text(Path::new("/a \"b\"/libquell_ladspa.so"), "my \"mic\"", &controls);
        assert!(text.contains(r#"plugin  = "/a \"b\"/libquell_ladspa.so""#), "{text}");
        assert!(text.contains(r#"target.object = "my \"mic\"""#), "{text}");
        assert!(text.contains(r#""Reduction (dB)" = -20.0"#), "{text}");
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
