//! What the page is told of the settings and of this build.

use quell_core::kernels::{Kernel, Level, PackedWeights};
use quell_core::settings::row::{Kind, Scale, Scope};
use quell_core::settings::{Setting, TABLE};
use quell_core::unet::SHIPPED_IDENTITY;
use quell_core::{Choice, LatencyMode};
use serde_json::{Value, json};

use crate::columns::{N_BANDS, RANGE_DB, height_of};

/// Frequencies that the page writes beside the spectrograms.
const MARKS_HZ: [f32; 8] = [100.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0];

/// The table of settings, the latency modes, and what this build is.
pub(crate) fn build() -> Value {
    let marks = MARKS_HZ.map(|hz| json!({ "hz": hz, "height": height_of(hz) }));
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "model": format!("{SHIPPED_IDENTITY:016x}"),
        "kernel": kernel_name(Kernel::best()),
        "bands": N_BANDS,
        "range_db": [RANGE_DB.0, RANGE_DB.1],
        "marks": marks,
        "modes": variants_of::<LatencyMode>(),
        "settings": TABLE.iter().map(setting).collect::<Value>(),
    })
}

fn kernel_name(kernel: Kernel) -> String {
    format!("{:?}", kernel.level()).to_lowercase()
}

fn setting(row: &Setting) -> Value {
    let mut it = json!({
        "id": row.id,
        "name": row.name,
        "help": row.explained(),
        "is_sound": row.scope == Scope::Sound,
        "default": row.default_plain(),
        "acts_on": row.acts_on.iter().map(|engine| engine.idx()).collect::<Value>(),
    });
    match row.kind {
        Kind::Number(number) => {
            it["kind"] = "number".into();
            it["unit"] = number.unit.symbol().into();
            it["min"] = number.min.into();
            it["max"] = number.max.into();
            it["is_more_below"] = number.is_more_below.into();
            it["scale"] = match number.scale {
                Scale::Even => "even",
                Scale::Short => "short",
                Scale::Octaves => "octaves",
            }
            .into();
        }
        Kind::Switch => it["kind"] = "switch".into(),
        Kind::Choice(variants) => {
            it["kind"] = "choice".into();
            it["variants"] = variants
                .iter()
                .map(|one| json!({ "id": one.id, "name": one.name, "help": one.help }))
                .collect();
        }
    }
    it
}

fn variants_of<T: Choice>() -> Value {
    T::ROWS
        .iter()
        .map(|(_, one)| json!({ "id": one.id, "name": one.name, "help": one.help }))
        .collect()
}

/// Multiplies the same weights on the best kernel and on the scalar one.
pub(crate) fn prove_kernel() -> Result<String, String> {
    let (n_outputs, n_inputs, n_rows, stride) = (24, 36, 7, 12);
    // Any numbers do that are small enough for the kernels and differ from place to place.
    let weight = |idx: usize| (((idx * 37 + idx / 7) % 127) as i8 - 63) as u8;
    let bytes: Vec<u8> = (0..n_outputs * n_inputs).map(weight).collect();
    let activations: Vec<u8> =
        (0..(n_rows - 1) * stride + n_inputs).map(|idx| (idx * 101 % 256) as u8).collect();
    let weights =
        PackedWeights::new(&bytes, n_outputs, n_inputs).map_err(|error| error.to_string())?;
    let sums = |kernel: Kernel| {
        let mut sums = vec![0; n_rows * n_outputs];
        kernel.multiply(&weights, &activations, stride, &mut sums);
        sums
    };
    let best = Kernel::best();
    let scalar = Kernel::new(Level::Scalar).ok_or("there is no scalar kernel")?;
    let name = kernel_name(best);
    if sums(best) == sums(scalar) { Ok(name) } else { Err(format!("{name} differs from scalar")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_told_with_all_that_a_page_needs_to_offer_it() {
        let told = build();
        let settings = told["settings"].as_array().unwrap();
        assert_eq!(settings.len(), TABLE.len());
        for (told, row) in settings.iter().zip(TABLE) {
            assert_eq!(told["id"], row.id);
            assert!(!told["help"].as_str().unwrap().is_empty(), "{}", row.id);
            match row.kind {
                Kind::Number(number) => {
                    assert!(told["min"].as_f64().unwrap() < told["max"].as_f64().unwrap());
                    assert_eq!(told["unit"], number.unit.symbol());
                }
                Kind::Choice(variants) => {
                    assert_eq!(told["variants"].as_array().unwrap().len(), variants.len);
                }
                Kind::Switch => assert_eq!(told["kind"], "switch"),
            }
        }
        let reduction = settings.iter().find(|one| one["id"] == "floor").unwrap();
        assert_eq!(
            (&reduction["name"], &reduction["is_more_below"]),
            (&"Reduction".into(), &true.into())
        );
    }

    #[test]
    fn the_kernel_of_this_processor_is_proven() {
        let name = prove_kernel().unwrap();
        assert_eq!(name, kernel_name(Kernel::best()));
    }
}
