#!/bin/sh
# Makes the recordings of the spoken captcha: each character of orgs/captcha.py ALPHABET as a word, by two voices.
# Needs flite (its voices slt and rms are free to use, modify and pass on) and sox; run it when the alphabet changes.
set -eu
cd "$(dirname "$0")"

say() {
    for voice in slt rms; do
        flite -voice "$voice" -t "$2" -o /tmp/spoken.wav
        mkdir -p "$voice"
        sox -D /tmp/spoken.wav -r 11025 -b 8 -c 1 "$voice/$1.wav" \
            silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse pad 0.02 0.04 norm -4
    done
    rm /tmp/spoken.wav
}

say A Alfa; say C Charlie; say D Delta; say E Echo; say F Foxtrot; say H Hotel; say J Juliet; say K Kilo; say L Leema
say M Mike; say N November; say P Poppa; say R Romeo; say T Tango; say U Uniform; say V Victor; say W Whiskey; say X "X ray"
say Y Yankee; say 3 three; say 4 four; say 6 six; say 7 seven; say 9 nine
