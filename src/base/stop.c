/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/base.h>
#include <signal.h>

static volatile sig_atomic_t requested;

void crow_stop_request(int signal_number) { requested = signal_number; }
int crow_stop_requested(void) { return (int)requested; }
void crow_stop_clear(void) { requested = 0; }
