/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npz: a zip file (PKWARE's APPNOTE.TXT, version 2.0) whose members are stored as they are. */
#include "export/model_impl.h"
#include <string.h>

/* What its 16- and 32-bit fields can say. */
#define MOST_MEMBERS 65535
#define MOST_BYTES INT64_C(0xfffffff0)

typedef struct zip_member {
  char name[80];
  uint32_t crc, bytes, offset;
} zip_member;

typedef struct zip_file {
  FILE *out;
  int64_t count, at; /* members written; where the next one begins */
  zip_member *member;
} zip_file;

/* CRC-32 of IEEE 802.3, bit by bit: models are small. */
static uint32_t checksum(const unsigned char *bytes, size_t count) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
  }
  return ~crc;
}

static void put_number(FILE *out, uint32_t value, int bytes) {
  for (int k = 0; k < bytes; k++) (void)fputc((int)(value >> 8 * k & 0xff), out);
}

/* Version needed, flags, method (stored), time and date (1980-01-01, so that equal models are equal files), CRC, sizes,
 * lengths of name and extra field: what both headers of a member have in common. */
static void put_member(FILE *out, const zip_member *member) {
  put_number(out, 20, 2);
  put_number(out, 0, 2);
  put_number(out, 0, 2);
  put_number(out, 0, 2);
  put_number(out, 1 << 5 | 1, 2);
  put_number(out, member->crc, 4);
  put_number(out, member->bytes, 4);
  put_number(out, member->bytes, 4);
  put_number(out, (uint32_t)strlen(member->name), 2);
  put_number(out, 0, 2);
}

static void add_member(zip_file *zip, const char *name, const char *suffix, const unsigned char *bytes, int64_t count) {
  zip_member *member = &zip->member[zip->count++];
  (void)snprintf(member->name, sizeof member->name, "%s%s", name, suffix);
  member->crc = checksum(bytes, (size_t)count);
  member->bytes = (uint32_t)count;
  member->offset = (uint32_t)zip->at;
  put_number(zip->out, 0x04034b50, 4);
  put_member(zip->out, member);
  (void)fputs(member->name, zip->out);
  (void)fwrite(bytes, 1, (size_t)count, zip->out);
  zip->at += 30 + (int64_t)strlen(member->name) + count;
}

/* The directory, after all members. */
static void end_zip(zip_file *zip) {
  const int64_t begin = zip->at;
  for (int64_t k = 0; k < zip->count; k++) {
    const zip_member *member = &zip->member[k];
    put_number(zip->out, 0x02014b50, 4);
    put_number(zip->out, 20, 2);
    put_member(zip->out, member);
    put_number(zip->out, 0, 2); /* comment */
    put_number(zip->out, 0, 2); /* disk */
    put_number(zip->out, 0, 2); /* internal and external attributes */
    put_number(zip->out, 0, 4);
    put_number(zip->out, member->offset, 4);
    (void)fputs(member->name, zip->out);
    zip->at += 46 + (int64_t)strlen(member->name);
  }
  put_number(zip->out, 0x06054b50, 4);
  put_number(zip->out, 0, 4); /* disks */
  put_number(zip->out, (uint32_t)zip->count, 2);
  put_number(zip->out, (uint32_t)zip->count, 2);
  put_number(zip->out, (uint32_t)(zip->at - begin), 4);
  put_number(zip->out, (uint32_t)begin, 4);
  put_number(zip->out, 0, 2); /* comment */
}

/* Version 1.0 of .npy: magic, version, length of the header, header; all padded to a multiple of 64 bytes. */
static int64_t put_npy_header(const crow_tensor *tensor, unsigned char *to) {
  char shape[64], header[256];
  (void)snprintf(shape, sizeof shape, tensor->columns ? "%lld, %lld" : "%lld,", (long long)tensor->rows,
                 (long long)tensor->columns);
  const int length =
      snprintf(header, sizeof header, "{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }", shape);
  const int total = (10 + length + 1 + 63) / 64 * 64;
  memcpy(to, "\x93NUMPY\x01\x00", 8);
  to[8] = (unsigned char)((total - 10) & 0xff);
  to[9] = (unsigned char)((total - 10) >> 8);
  memset(to + 10, ' ', (size_t)total - 10);
  memcpy(to + 10, header, (size_t)length);
  to[total - 1] = '\n';
  return total;
}

static crow_status add_tensor(zip_file *zip, const crow_tensor *tensor) {
  crow_status status = CROW_OK;
  unsigned char *bytes = NULL;
  CROW_TRY(CROW_ALLOCATE(&bytes, 512 + 8 * tensor->numbers));
  int64_t at = put_npy_header(tensor, bytes);
  for (int64_t i = 0; i < tensor->numbers; i++, at += 8) crow_tensor_bytes(tensor->value[i], bytes + at);
  add_member(zip, tensor->name, ".npy", bytes, at);
cleanup:
  crow_free(bytes);
  return status;
}

static crow_status check_limits(const char *name, const crow_tensors *tensors) {
  int64_t bytes = 1 << 20;
  for (int64_t k = 0; k < tensors->count; k++) bytes += 1024 + 8 * tensors->tensor[k].numbers;
  if (tensors->count < MOST_MEMBERS && bytes < MOST_BYTES) return CROW_OK;
  return crow_error(CROW_USAGE, "%s: %lld arrays of %.3g bytes are too much for a .npz file; .safetensors takes them",
                    name, (long long)tensors->count, (double)bytes);
}

crow_status crow_npz_write(FILE *out, const char *name, const crow_tensors *tensors) {
  crow_status status = CROW_OK;
  zip_file zip = {.out = out};
  char *metadata = NULL;
  CROW_TRY(check_limits(name, tensors));
  CROW_TRY(CROW_ALLOCATE(&zip.member, tensors->count + 1));
  metadata = json_dumps(tensors->metadata, JSON_INDENT(2));
  if (!metadata) CROW_TRY(crow_error(CROW_FAILED, "out of memory for the description of a model"));
  for (int64_t k = 0; k < tensors->count; k++) CROW_TRY(add_tensor(&zip, &tensors->tensor[k]));
  add_member(&zip, "metadata", ".json", (const unsigned char *)metadata, (int64_t)strlen(metadata));
  end_zip(&zip);
cleanup:
  free(metadata);
  crow_free(zip.member);
  return status;
}
