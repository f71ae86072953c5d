// libsystemd: sd_notify(3) only.
#pragma once

#include <systemd/sd-daemon.h>
