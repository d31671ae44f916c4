// What each file of this folder gives to the table.
#pragma once

#include "physics/system.h"

namespace physics {

Family kepler();
Family central();
Family spring_pendulum();
Family pendulum();
Family double_pendulum();
Family chain();
Family spherical_pendulum();
Family foucault();
Family cart_pole();
Family acrobot();
Family oscillators();
Family henon_heiles();
Family bodies();
Family charged();
Family relativistic();
Family top();
Family rigid_body();
Family magnet_pendulum();
Family coupled_pendulums();
Family wave();

}  // namespace physics
