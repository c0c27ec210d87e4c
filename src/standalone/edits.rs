//! The window's way to the parameters, where no host stands between: it sets them.

use nice_plug::context::PluginApi;
use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::params::internals::ParamPtr;
use nice_plug::plugin::PluginState;

use crate::Shared;

struct Edits(Shared);

/// What the editor is given.
pub fn context(shared: &Shared) -> GuiContext {
    GuiContext::new(std::sync::Arc::new(Edits(shared.clone())))
}

impl GuiContextInner for Edits {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Standalone
    }

    unsafe fn raw_begin_set_parameter(&self, _: ParamPtr) {}

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, value: f32) {
        let known = self.0.params.iter().find(|control| control.ptr() == param);
        if let Some(control) = known.filter(|_| value.is_finite()) {
            control.set_normalized(value.clamp(0.0, 1.0));
            self.0.feed.request_repaint();
        }
    }

    unsafe fn raw_end_set_parameter(&self, _: ParamPtr) {}

    /// State goes through [`crate::state`]; the editor has no use for the framework's form of it.
    fn get_state(&self) -> PluginState {
        PluginState {
            version: String::new(),
            params: Default::default(),
            fields: Default::default(),
        }
    }

    fn set_state(&self, _: PluginState) {}

    fn request_restart(&self) {}
}
