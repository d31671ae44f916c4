// The processor's vector registers, as the compiler's own vector type: +, -, * and / on it work
// lane by lane.
#pragma once

#ifdef __AVX512F__
#include <immintrin.h>
#endif

#include <cstring>

#include "autodiff/matrix.h"

namespace autodiff {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64, vector_registers = 32;
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32, vector_registers = 16;
#else
inline constexpr int vector_bytes = 16, vector_registers = 16;
#endif
typedef Scalar Vector __attribute__((vector_size(vector_bytes)));
inline constexpr Index lanes = vector_bytes / sizeof(Scalar);

inline Vector load(const Scalar* p) {
  Vector v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

inline void store(Scalar* p, const Vector& v) { std::memcpy(p, &v, sizeof v); }

/// The number that every sum here begins with: x + -0 is x for every x, 0 and -0 among them.
inline Vector minus_zeros() { return Scalar(-0.0) - Vector{}; }

/// The first `count` numbers from p, fewer than a vector has; zero in the other lanes.
inline Vector load_first(const Scalar* p, Index count) {
#if defined(__AVX512F__) && defined(AUTODIFF_FLOAT)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
#elif defined(__AVX512F__)
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << count) - 1), p);
#else
  Vector v{};
  std::memcpy(&v, p, count * sizeof(Scalar));
  return v;
#endif
}

inline void store_first(Scalar* p, const Vector& v, Index count) {
#if defined(__AVX512F__) && defined(AUTODIFF_FLOAT)
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << count) - 1), v);
#elif defined(__AVX512F__)
  _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << count) - 1), v);
#else
  std::memcpy(p, &v, count * sizeof(Scalar));
#endif
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"  // of Eigen's vector types as arguments

/// Transposes a square of lanes x lanes, both column-major with their own strides.
inline void transpose_square(const Scalar* a, Index a_stride, Scalar* y, Index y_stride) {
#ifdef EIGEN_VECTORIZE  // not WebAssembly's registers
  using Packet = Eigen::internal::packet_traits<Scalar>::type;
  if constexpr (Eigen::internal::unpacket_traits<Packet>::size == lanes) {
    Eigen::internal::PacketBlock<Packet, lanes> square;
    for (Index s = 0; s < lanes; ++s)
      square.packet[s] = Eigen::internal::ploadu<Packet>(a + s * a_stride);
    Eigen::internal::ptranspose(square);
    for (Index s = 0; s < lanes; ++s) Eigen::internal::pstoreu(y + s * y_stride, square.packet[s]);
    return;
  }
#endif
  for (Index s = 0; s < lanes; ++s)
    for (Index i = 0; i < lanes; ++i) y[i * y_stride + s] = a[s * a_stride + i];
}

#pragma GCC diagnostic pop

/// The lanes in another order.
template <int... lane>
Vector permuted(const Vector& v) {
#ifdef __clang__
  return __builtin_shufflevector(v, v, lane...);
#else  // GCC has that only since version 12
  using Lanes = decltype(v == v);
  return __builtin_shuffle(v, Lanes{lane...});
#endif
}

/// The sum of the lanes, pairwise: each half is added to the other until one number is left.
inline Scalar sum_lanes(Vector v) {
#if defined(__AVX512F__) && defined(AUTODIFF_FLOAT)
  v += permuted<8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7>(v);
  v += permuted<4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11>(v);
  v += permuted<2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13>(v);
  return v[0] + v[1];
#elif defined(__AVX512F__)
  v += permuted<4, 5, 6, 7, 0, 1, 2, 3>(v);
  v += permuted<2, 3, 0, 1, 6, 7, 4, 5>(v);
  return v[0] + v[1];
#else
  for (Index half = lanes / 2; half > 0; half /= 2)
    for (Index i = 0; i < half; ++i) v[i] += v[i + half];
  return v[0];
#endif
}

}  // namespace autodiff
