// What is polite in this year's task: the words, the limit, and which line is the last.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// Put here the words and the limit that README.md names.
#define GREETING "welcome"
#define TERMINATOR "bye"
#define LINE_LIMIT 4096

/// The line that a client is saying. Begin with zeros.
struct line {
  char text[LINE_LIMIT + 2];  // one byte for a \r, and one that shows that it is too long
  size_t length;
  bool is_last;
};

/// Takes `size` bytes that a client has sent. Returns how many of them are to be sent back: all,
/// or those up to the end of the last line, and then sets `is_last`.
static inline size_t until_last_line(struct line* line, const char* bytes, size_t size) {
  // BEGIN SOLUTION: keep what comes; at each \n see whether the line is a farewell, or too long.
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != '\n') {
      if (line->length < sizeof line->text) line->text[line->length++] = bytes[i];
      continue;
    }
    const bool has_cr = line->length > 0 && line->text[line->length - 1] == '\r';
    const size_t length = line->length - (has_cr ? 1 : 0);
    const bool is_farewell =
        length == strlen(TERMINATOR) && memcmp(line->text, TERMINATOR, length) == 0;
    line->length = 0;
    line->is_last = is_farewell || length > LINE_LIMIT;
    if (line->is_last) return i + 1;
  }
  // END SOLUTION
  return size;
}
