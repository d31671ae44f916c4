// One step of a Runge-Kutta method, written once for numbers and for the tape.
//
// What moves may be any State with + and with * by a Step: Eigen's arrays with a number, or Vars
// with a Var. On a tape the step is recorded like anything else, so that training can differentiate
// through time.
#pragma once

namespace physics {

/// y a time h later, where y' = f(c, y) at the part c of the step:
///
///     k1 = f(0, y),  k2 = f(½, y + ½h k1),  k3 = f(½, y + ½h k2),  k4 = f(1, y + h k3)
///     y(h) = y + h (k1 + 2 k2 + 2 k3 + k4) / 6
///
/// Its error is of order h⁵ (Kutta 1901, the classical method of fourth order).
template <class State, class Step, class Rate>
State rk4_step(const Rate& f, const State& y, const Step& h) {
  const Step half = h * 0.5, sixth = h * (1. / 6), third = h * (1. / 3);
  const State k1 = f(0., y);
  const State k2 = f(0.5, State(y + k1 * half));
  const State k3 = f(0.5, State(y + k2 * half));
  const State k4 = f(1., State(y + k3 * h));
  return y + (k1 + k4) * sixth + (k2 + k3) * third;
}

/// Position, velocity and acceleration at one end of a step.
template <class State>
struct End {
  State q, v, a;
};

/// Position and velocity at the part x of a step from one end to the other, by the polynomial of
/// degree 5 that has all six of these: its error in q is of order h⁶ (Hermite's interpolation).
template <class State, class Step>
auto between(const End<State>& from, const End<State>& to, const Step& h, const Step& x) {
  struct Between {
    State q, v;
  };
  const State v = from.v * h, a = from.a * h * h;  // in units of the step
  const State d = to.q - from.q - v - a * 0.5, e = to.v * h - v - a, f = to.a * h * h - a;
  const State c3 = d * 10. - e * 4. + f * 0.5, c4 = e * 7. - d * 15. - f,
              c5 = d * 6. - e * 3. + f * 0.5;
  return Between{State(from.q + (v + (a * 0.5 + (c3 + (c4 + c5 * x) * x) * x) * x) * x),
                 State((v + (a + (c3 * 3. + (c4 * 4. + c5 * 5. * x) * x) * x) * x) / h)};
}

}  // namespace physics
