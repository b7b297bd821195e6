/* SPDX-License-Identifier: Apache-2.0 */
/* A run of one rank that no launcher started. Open MPI then starts a daemon and looks for networks, which takes four
 * fifths of a short command's time and is of no use to a process that talks to nobody. */
#include "cli/cli_impl.h"
#include <stdlib.h>

void crow_start_alone(void) {
  static const char *const settings[][2] = {
      {"OMPI_MCA_ess_singleton_isolated", "1"}, /* no daemon; Open MPI 4 */
      {"OMPI_MCA_btl", "self"},                 /* no network */
      {"OMPI_MCA_pml", "ob1"},
      /* Processes without a daemon would share one folder for their sessions, which the first to end takes from the
       * others; its one user here is the component that shares file pointers, which crow never does. The component
       * "individual" does nothing; "lockedfile" makes a file beside every one that is opened, to try locks. */
      {"OMPI_MCA_orte_create_session_dirs", "0"},
      {"OMPI_MCA_sharedfp", "individual"},
  };
  const size_t count = sizeof settings / sizeof *settings;
  if (crow_launched()) return;
  for (size_t k = 0; k < count; k++) {
    if (getenv(settings[k][0])) return; /* somebody has a reason to choose otherwise */
  }
  for (size_t k = 0; k < count; k++) (void)setenv(settings[k][0], settings[k][1], 0);
}
