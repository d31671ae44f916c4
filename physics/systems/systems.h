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
Family oscillators();
Family wave();

}  // namespace physics
