/* SPDX-License-Identifier: Apache-2.0 */
#include "base/grow_impl.h"
#include "io/catalogue_impl.h"

#include <string.h>

crow_status crow_catalogue_text(crow_catalogue *catalogue, const char *text, int64_t *offset) {
  const int64_t bytes = (int64_t)strlen(text) + 1;
  *offset = 0;
  if (bytes == 1 && catalogue->text_bytes > 0) return CROW_OK;
  CROW_NEED(CROW_ARRAY_RESERVE(&catalogue->texts, catalogue->text_bytes, &catalogue->text_room,
                               catalogue->text_bytes + bytes));
  memcpy(catalogue->texts + catalogue->text_bytes, text, (size_t)bytes);
  *offset = catalogue->text_bytes;
  catalogue->text_bytes += bytes;
  return CROW_OK;
}

crow_status crow_catalogue_begin(crow_catalogue *catalogue) {
  int64_t empty;
  *catalogue = (crow_catalogue){0};
  return crow_catalogue_text(catalogue, "", &empty);
}

void crow_catalogue_free(crow_catalogue *catalogue) {
  CROW_FREE(catalogue->entries, catalogue->attributes, catalogue->texts);
  *catalogue = (crow_catalogue){0};
}

crow_status crow_catalogue_add(crow_catalogue *catalogue, const char *path, crow_object object, crow_entry **out) {
  *out = NULL;
  CROW_NEED(CROW_ARRAY_RESERVE(&catalogue->entries, catalogue->entry_count, &catalogue->entry_room,
                               catalogue->entry_count + 1));
  crow_entry *entry = &catalogue->entries[catalogue->entry_count];
  *entry = (crow_entry){.object = (int32_t)object};
  CROW_NEED(crow_catalogue_text(catalogue, path, &entry->path));
  catalogue->entry_count++;
  *out = entry;
  return CROW_OK;
}

static crow_attribute *find_attribute(const crow_catalogue *catalogue, const char *path, const char *name) {
  for (int64_t i = 0; i < catalogue->attribute_count; i++) {
    crow_attribute *attribute = &catalogue->attributes[i];
    if (strcmp(catalogue->texts + attribute->name, name) == 0 &&
        strcmp(catalogue->texts + attribute->path, path) == 0) {
      return attribute;
    }
  }
  return NULL;
}

const crow_attribute *crow_catalogue_attribute(const crow_catalogue *catalogue, const char *path, const char *name) {
  return find_attribute(catalogue, path, name);
}

crow_status crow_catalogue_set(crow_catalogue *catalogue, const char *path, const char *name,
                               const crow_attribute *value, const char *text) {
  crow_attribute copy = *value;
  crow_attribute *old = find_attribute(catalogue, path, name);
  CROW_NEED(crow_catalogue_text(catalogue, text ? text : "", &copy.text));
  if (old) {
    copy.path = old->path;
    copy.name = old->name;
    *old = copy;
    return CROW_OK;
  }
  CROW_NEED(crow_catalogue_text(catalogue, path, &copy.path));
  CROW_NEED(crow_catalogue_text(catalogue, name, &copy.name));
  CROW_NEED(CROW_ARRAY_RESERVE(&catalogue->attributes, catalogue->attribute_count, &catalogue->attribute_room,
                               catalogue->attribute_count + 1));
  catalogue->attributes[catalogue->attribute_count++] = copy;
  return CROW_OK;
}

crow_entry *crow_catalogue_find(const crow_catalogue *catalogue, const char *path) {
  for (int64_t i = 0; i < catalogue->entry_count; i++) {
    if (strcmp(catalogue->texts + catalogue->entries[i].path, path) == 0) return &catalogue->entries[i];
  }
  return NULL;
}

/* Gives the other ranks an array of rank 0. */
static crow_status catalogue_share(const crow_comm *comm, void **array, int64_t count, int64_t *room, size_t size) {
  crow_status local = CROW_OK;
  if (crow_comm_rank(comm) != 0) {
    local = crow_allocate(count, size, array);
    *room = count;
  }
  CROW_NEED_AGREE(comm, local);
  return crow_comm_broadcast(comm, *array, count * (int64_t)size, 0);
}

crow_status crow_catalogue_broadcast(const crow_comm *comm, crow_catalogue *catalogue) {
  int64_t counts[3] = {catalogue->entry_count, catalogue->attribute_count, catalogue->text_bytes};
  if (crow_comm_rank(comm) != 0) crow_catalogue_free(catalogue);
  CROW_NEED(crow_comm_broadcast(comm, counts, (int64_t)sizeof counts, 0));
  catalogue->entry_count = counts[0];
  catalogue->attribute_count = counts[1];
  catalogue->text_bytes = counts[2];
  CROW_NEED(catalogue_share(comm, (void **)&catalogue->entries, counts[0], &catalogue->entry_room, sizeof(crow_entry)));
  CROW_NEED(catalogue_share(comm, (void **)&catalogue->attributes, counts[1], &catalogue->attribute_room,
                            sizeof(crow_attribute)));
  return catalogue_share(comm, (void **)&catalogue->texts, counts[2], &catalogue->text_room, 1);
}
