#include "tools/app/build.h"

#include <Eigen/Core>

#include "autodiff/matrix.h"
#include "tools/app/text.h"

namespace tools {
namespace {

constexpr const char* compiler =
#if defined(__clang__)
    "Clang " __clang_version__;
#elif defined(__GNUC__)
    "GCC " __VERSION__;
#else
    "unknown compiler";
#endif

/// What the compiler may use of the processor.
constexpr const char* processor =
#if defined(__AVX512F__)
    "AVX-512"
#elif defined(__AVX2__)
    "AVX2"
#elif defined(__AVX__)
    "AVX"
#elif defined(__SSE4_2__)
        "SSE4.2"
#elif defined(__SSE2__)
        "SSE2"
#elif defined(__ARM_FEATURE_SVE)
        "SVE"
#elif defined(__ARM_NEON)
        "NEON"
#else
        "unknown processor"
#endif
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    ", FMA"
#endif
#if !defined(__OPTIMIZE__)
    ", not optimised"
#endif
    ;

}  // namespace

std::string this_build() {
  return format("%s, %s, %s, Eigen %d.%d.%d", sizeof(autodiff::Scalar) == 8 ? "double" : "float",
                compiler, processor, EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION);
}

std::string precision_of(const std::string& build) { return build.substr(0, build.find(',')); }

}  // namespace tools
