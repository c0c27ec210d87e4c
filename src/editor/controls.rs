//! Widgets for parameters: each one shows a value, edits it through the host and never holds it.

use egui::{
    Align, Button, Color32, ComboBox, CornerRadius, Layout, RichText, Stroke, Ui, Vec2, Visuals,
};
use nice_plug::context::gui::ParamSetter;
use nice_plug::params::enums::Enum;
use nice_plug::params::{BoolParam, EnumParam, FloatParam, Param};
use nice_plug_egui::widgets::ParamSlider;

const ACCENT: Color32 = Color32::from_rgb(0x4f, 0xb3, 0xa5);
const GROUND: Color32 = Color32::from_rgb(0x1b, 0x1e, 0x22);
const RAISED: Color32 = Color32::from_rgb(0x2b, 0x30, 0x36);
/// Height of a row, logical pixels.
const ROW_HEIGHT: f32 = 26.0;
/// Width of the column of names.
const NAME_WIDTH: f32 = 140.0;
/// Width of a slider without its value.
const SLIDER_WIDTH: f32 = 140.0;
/// Names are read, so they are lighter than egui's.
const TEXT: Color32 = Color32::from_rgb(0xc4, 0xc9, 0xce);

/// Colours and distances of the whole window.
pub(super) fn style(egui: &egui::Context) {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = GROUND;
    visuals.window_fill = GROUND;
    visuals.widgets.noninteractive.fg_stroke.color = TEXT;
    visuals.selection.bg_fill = ACCENT;
    visuals.selection.stroke = Stroke::new(1.0, GROUND);
    for widget in [&mut visuals.widgets.inactive, &mut visuals.widgets.hovered] {
        widget.corner_radius = CornerRadius::same(4);
        widget.bg_fill = RAISED;
        widget.weak_bg_fill = RAISED;
    }
    egui.set_visuals(visuals);
    egui.global_style_mut(|style| {
        style.spacing.item_spacing = Vec2::new(8.0, 7.0);
        style.spacing.button_padding = Vec2::new(10.0, 4.0);
    });
}

/// The way of edits to the host.
pub(super) struct Controls<'a> {
    pub(super) setter: ParamSetter<'a>,
}

impl Controls<'_> {
    /// One edit from begin to end, so that hosts record it as one step.
    fn set<P: Param>(&self, param: &P, value: P::Plain) {
        self.setter.begin_set_parameter(param);
        self.setter.set_parameter(param, value);
        self.setter.end_set_parameter(param);
    }

    /// A titled group of rows.
    pub(super) fn section(&self, ui: &mut Ui, title: &str, rows: impl FnOnce(&mut Ui)) {
        ui.add_space(6.0);
        ui.label(RichText::new(title).color(ACCENT).strong());
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            rows(ui);
        });
    }

    /// A name and what belongs to it, on one line.
    fn row(&self, ui: &mut Ui, name: &str, widget: impl FnOnce(&mut Ui)) {
        ui.horizontal(|ui| {
            ui.set_height(ROW_HEIGHT);
            let name_cell = Vec2::new(NAME_WIDTH, ROW_HEIGHT);
            ui.allocate_ui_with_layout(name_cell, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(NAME_WIDTH);
                ui.label(name);
            });
            widget(ui);
        });
    }

    /// A row with a slider; a double click brings the default back.
    pub(super) fn slider(&self, ui: &mut Ui, param: &FloatParam) {
        self.row(ui, param.name(), |ui| {
            ui.add(ParamSlider::for_param(param, &self.setter).with_width(SLIDER_WIDTH));
        });
    }

    /// A row with a list of choices.
    pub(super) fn choice<T: Enum + PartialEq>(&self, ui: &mut Ui, param: &EnumParam<T>) {
        let list = ComboBox::from_id_salt(param.name()).width(SLIDER_WIDTH);
        self.row(ui, param.name(), |ui| {
            list.selected_text(param.to_string()).show_ui(ui, |ui| {
                let now = param.modulated_plain_value().to_index();
                for (idx, name) in T::variants().iter().enumerate() {
                    if ui.selectable_label(idx == now, *name).clicked() {
                        self.set(param, T::from_index(idx));
                    }
                }
            });
        });
    }

    /// A row with a tick.
    pub(super) fn switch(&self, ui: &mut Ui, param: &BoolParam) {
        let mut is_on = param.value();
        self.row(ui, param.name(), |ui| {
            if ui.checkbox(&mut is_on, "").changed() {
                self.set(param, is_on);
            }
        });
    }

    /// A button that stays down.
    pub(super) fn toggle(&self, ui: &mut Ui, param: &BoolParam, name: &str) {
        if ui.add(Button::new(name).selected(param.value())).clicked() {
            self.set(param, !param.value());
        }
    }

    /// [`Self::toggle`], for what the window is about.
    pub(super) fn big_toggle(&self, ui: &mut Ui, param: &BoolParam, name: &str) {
        let text = RichText::new(name).size(16.0);
        let button = Button::new(text).selected(param.value()).min_size(Vec2::new(150.0, 34.0));
        if ui.add(button).clicked() {
            self.set(param, !param.value());
        }
    }
}
