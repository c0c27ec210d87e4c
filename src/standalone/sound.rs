//! JACK where a server runs, and else the system's own sound.

use crate::standalone::backend::{Backend, Devices, Format, NoSound, Wish};
use crate::standalone::cpal::Cpal;
use crate::standalone::jack::{self, Jack};
use crate::standalone::player::Player;

/// Both; one of them runs.
#[derive(Default)]
pub(super) struct Sound {
    jack: Jack,
    system: Cpal,
    is_jack: bool,
}

impl Sound {
    fn running(&self) -> &dyn Backend {
        if self.is_jack { &self.jack } else { &self.system }
    }

    fn running_mut(&mut self) -> &mut dyn Backend {
        if self.is_jack { &mut self.jack } else { &mut self.system }
    }
}

/// Whether JACK is meant; nothing where nobody said.
fn is_jack(wish: &Wish) -> Result<Option<bool>, NoSound> {
    let is_jack = |name: &String| name.to_lowercase().contains(&jack::NAME.to_lowercase());
    match (wish.input.as_ref().map(is_jack), wish.output.as_ref().map(is_jack)) {
        (Some(input), Some(output)) if input != output => Err(NoSound(
            "JACK and another device cannot be used at once: choose it for both or for neither"
                .to_owned(),
        )),
        (input, output) => Ok(input.or(output)),
    }
}

impl Backend for Sound {
    fn devices(&mut self) -> Result<Devices, NoSound> {
        let (mut first, others) = (self.jack.devices()?, self.system.devices()?);
        first.inputs.extend(others.inputs);
        first.outputs.extend(others.outputs);
        Ok(first)
    }

    fn start(&mut self, wish: &Wish, player: Player) -> Result<Format, NoSound> {
        // A server that runs was started on purpose.
        self.is_jack = match is_jack(wish)? {
            Some(is_jack) => is_jack,
            None => Jack::is_there(),
        };
        self.running_mut().start(wish, player)
    }

    fn stop(&mut self) {
        self.running_mut().stop();
    }

    fn trouble(&mut self) -> Option<NoSound> {
        self.running_mut().trouble()
    }

    fn delay_s(&self) -> f64 {
        self.running().delay_s()
    }

    fn tell_engine_delay(&mut self, frames: u32) {
        self.running_mut().tell_engine_delay(frames);
    }

    fn n_gaps(&self) -> u64 {
        self.running().n_gaps()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jack_is_taken_whole_or_not_at_all() {
        let wish = |input: Option<&str>, output: Option<&str>| {
            let (input, output) = (input.map(str::to_owned), output.map(str::to_owned));
            is_jack(&Wish { input, output, ..Wish::default() })
        };
        assert_eq!(wish(None, None), Ok(None));
        assert_eq!(wish(Some("jack"), None), Ok(Some(true)));
        // As it was called before.
        assert_eq!(wish(Some("JACK Input"), Some("JACK Output")), Ok(Some(true)));
        assert_eq!(wish(None, Some("Scarlett")), Ok(Some(false)));
        assert!(wish(Some("JACK"), Some("Scarlett")).is_err());
    }
}
