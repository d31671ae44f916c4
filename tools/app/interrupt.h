// Ctrl-C, and what is treated like it: SIGTERM, SIGHUP (the terminal was closed), and a reader of
// standard output that has gone (`./train | head`).
//
// As long as there is nothing to save, such a request ends the program at once, however long its
// present computation would take. Where there is, the request is only noted, and the program looks
// at `interrupted` between two steps.
#pragma once

#include <string>

namespace tools {

/// From now on a request ends the program at once, with exit code 130 and this text on standard
/// error. One that was noted before counts, too.
void end_at_interrupt(const std::string& text);

/// From now on a request is only noted; a second Ctrl-C ends the program at once all the same.
void note_interrupts();

/// Whether a request was noted.
bool interrupted();

/// Thrown where a request was noted, by what it ended before anything had changed.
struct Interrupted {};

/// Makes a request, as Ctrl-C does.
void interrupt();

}  // namespace tools
