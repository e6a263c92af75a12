#!/usr/bin/env bash
# The corpora again, in the sanitizer build.
exec bash "$(dirname "$0")/fuzz.fast.sh"
