// What each file of this folder gives to the table.
#pragma once

#include "physics/system.h"

namespace physics {

Family kepler();
Family pendulum();
Family double_pendulum();
Family cart_pole();
Family acrobot();
Family henon_heiles();
Family bodies();
Family charged();
Family relativistic();
Family top();
Family rigid_body();
Family magnet_pendulum();
Family coupled_pendulums();

}  // namespace physics
