#!/bin/sh
# Installs Quell for one user, without root: ./install.sh; takes it away again: ./install.sh --remove
set -eu
cd "$(dirname "$0")"

case "${1-}" in
"")
    mkdir -p "$HOME/.clap" "$HOME/.vst3" "$HOME/.ladspa" "$HOME/.local"
    rm -rf "$HOME/.vst3/Quell.vst3"
    # A new file in the place of one that a host may have open.
    rm -f "$HOME/.clap/Quell.clap" "$HOME/.ladspa/libquell_ladspa.so" "$HOME/.local/bin/quell" \
        "$HOME/.local/bin/quell-standalone"
    cp lib/clap/Quell.clap "$HOME/.clap/"
    cp -R lib/vst3/Quell.vst3 "$HOME/.vst3/"
    cp lib/ladspa/libquell_ladspa.so "$HOME/.ladspa/"
    cp -R bin share "$HOME/.local/"
    # VST3 hosts look for a user's presets here.
    mkdir -p "$HOME/.vst3/presets"
    cp -R share/vst3/presets/. "$HOME/.vst3/presets/"
    echo "Quell is installed: ~/.clap, ~/.vst3, ~/.ladspa and ~/.local/bin/quell."
    echo "Rescan plugins in your DAW and look for 'Quell'."
    ;;
--remove)
    rm -rf "$HOME/.vst3/Quell.vst3"
    rm -f "$HOME/.clap/Quell.clap" "$HOME/.ladspa/libquell_ladspa.so"
    # What came from bin and share, file by file, and folders of Quell's name.
    find bin share -type f | while read -r file; do rm -f "$HOME/.local/$file"; done
    (cd share/vst3/presets && find . -type f) | while read -r file; do
        rm -f "$HOME/.vst3/presets/$file"
    done
    # A preset of the user's keeps its folders.
    (cd share/vst3/presets && find . -depth -mindepth 1 -type d) | while read -r folder; do
        rmdir "$HOME/.vst3/presets/$folder" "$HOME/.local/share/vst3/presets/$folder" 2>/dev/null || true
    done
    find "$HOME/.local/share/doc/quell" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    echo "Quell is removed. Your presets and prints stay where you saved them."
    ;;
*)
    echo "install.sh knows one option, --remove, not '$1'" >&2
    exit 2
    ;;
esac
