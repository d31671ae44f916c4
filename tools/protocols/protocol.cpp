#include "tools/protocols/protocol.h"

#include <iterator>

namespace protocols {

const std::vector<Protocol>& all() {
  static const std::vector<Protocol> rows = [] {
    std::vector<Protocol> found;
    for (auto source : {of_finzi, of_greydanus, of_modlanet, of_others, of_measured}) {
      std::vector<Protocol> some = source();
      std::move(some.begin(), some.end(), std::back_inserter(found));
    }
    return found;
  }();
  return rows;
}

}  // namespace protocols
