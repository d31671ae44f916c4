// What each file of this folder gives to the table.
#pragma once

#include "physics/system.h"

namespace physics {

Family kepler();
Family pendulum();
Family double_pendulum();

}  // namespace physics
