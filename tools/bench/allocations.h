// How much memory is allocated by `new`, counted in this program at every call.
#pragma once

namespace tools {

long allocated_bytes();
/// The most that was allocated at once since `forget_peak`.
long peak_bytes();
void forget_peak();

}  // namespace tools
