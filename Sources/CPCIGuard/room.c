#include "CPCIGuard.h"
