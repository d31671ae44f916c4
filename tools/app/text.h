// Text for people: printf into a string, lines of one width, times.
#pragma once

#include <string>
#include <string_view>

namespace tools {

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...);

/// The words of the text in lines of at most `width` characters, where words are that short.
std::string wrapped(const std::string& text, std::size_t width);

/// A text from outside, fit for a message: in quotes, not too long, without control characters.
std::string in_quotes(std::string_view text);

/// How many characters have to be put in, left out or exchanged to make one of the other
/// (Levenshtein 1966).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// In the unit that suits it: "25 s", "12 min", "3.5 h", "2.1 days".
std::string duration(double seconds);

}  // namespace tools
