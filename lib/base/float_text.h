/* Shortest text that reads back as the same float. Not collective.
 * Source: Giulietti, "The Schubfach way to render doubles" (2020). */
#ifndef MILL_BASE_FLOAT_TEXT_H
#define MILL_BASE_FLOAT_TEXT_H

/* The fewest digits that round-trip and, among those, the nearest to the value, laid out as Python's repr without a
 * trailing ".0": "1", "0.1", "0.0001", "1e-05", "1e+16", "-0", "nan", "inf", "-inf". NUL-terminated; returns the
 * length. The float32 form is shortest among float32 values. */
#define MILL_FLOAT_TEXT_BYTES 40
/* Of a float64, as told above. */
int mill_f64_text(double value, char out[MILL_FLOAT_TEXT_BYTES]);
/* Of a float32: the shortest digits that read back as that float32. */
int mill_f32_text(float value, char out[MILL_FLOAT_TEXT_BYTES]);

#endif
