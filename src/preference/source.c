/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/preference.h>

crow_source crow_preference_source(const crow_dataset *dataset) {
  if (dataset->has_comparisons) return CROW_SOURCE_COMPARISONS;
  return dataset->has_matrix ? CROW_SOURCE_MATRIX : CROW_SOURCE_POPULATION;
}
