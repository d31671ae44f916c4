// Characters of texts in UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nn {

/// How many bytes the character has that the text begins with; 0 where it begins with none.
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);
/// `code` is at most U+10FFFF.
void append_utf8(std::string& text, char32_t code);

}  // namespace nn
