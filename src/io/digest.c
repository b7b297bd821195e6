/* SPDX-License-Identifier: Apache-2.0 */
/* The digest of a file's bytes, blocks shared by the ranks. */
#include <crow/io.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define BLOCK_BYTES (INT64_C(1) << 26)
#define READ_BYTES (INT64_C(1) << 20)

/* XXH3-128 of one block of an open file. */
static crow_status digest_block(int descriptor, const char *path, int64_t begin, int64_t end, XXH3_state_t *state,
                                char *buffer, XXH128_canonical_t *out) {
  if (XXH3_128bits_reset(state) != XXH_OK) return crow_error(CROW_FAILED, "%s: cannot begin a digest", path);
  while (begin < end) {
    const size_t wanted = (size_t)(end - begin < READ_BYTES ? end - begin : READ_BYTES);
    const ssize_t bytes = pread(descriptor, buffer, wanted, (off_t)begin);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return crow_error(CROW_FILE_SYSTEM, "cannot read %s: %s", path, strerror(errno));
    if (bytes == 0) return crow_error(CROW_FILE_SYSTEM, "cannot read %s: it became shorter meanwhile", path);
    (void)XXH3_128bits_update(state, buffer, (size_t)bytes);
    begin += bytes;
  }
  XXH128_canonicalFromHash(out, XXH3_128bits_digest(state));
  return CROW_OK;
}

/* The digests of this rank's blocks; those of others are left zero. */
static crow_status digest_blocks(const char *path, int64_t bytes, int64_t blocks, int rank, int size,
                                 XXH128_canonical_t *digests) {
  crow_status status = CROW_OK;
  char *buffer = NULL;
  int descriptor = -1;
  XXH3_state_t *state = XXH3_createState();
  if (!state) CROW_TRY(crow_error(CROW_FAILED, "out of memory"));
  CROW_TRY(crow_allocate_raw(READ_BYTES, 1, (void **)&buffer));
  if (rank >= blocks) goto cleanup;
  descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot open %s: %s", path, strerror(errno)));
  for (int64_t block = rank; block < blocks; block += size) {
    const int64_t begin = block * BLOCK_BYTES;
    const int64_t end = begin + BLOCK_BYTES < bytes ? begin + BLOCK_BYTES : bytes;
    CROW_TRY(digest_block(descriptor, path, begin, end, state, buffer, &digests[block]));
  }
cleanup:
  if (descriptor >= 0) (void)close(descriptor);
  crow_free(buffer);
  (void)XXH3_freeState(state);
  return status;
}

static crow_status file_bytes(const char *path, int64_t *bytes) {
  struct stat facts;
  if (stat(path, &facts) != 0) return crow_error(CROW_FILE_SYSTEM, "cannot open %s: %s", path, strerror(errno));
  if (!S_ISREG(facts.st_mode)) return crow_error(CROW_FILE_SYSTEM, "cannot open %s: it is not a file", path);
  *bytes = (int64_t)facts.st_size;
  return CROW_OK;
}

crow_status crow_file_digest(const crow_comm *comm, const char *path, char *digest) {
  crow_status status = CROW_OK;
  XXH128_canonical_t *digests = NULL, whole;
  int64_t bytes = 0;
  const int rank = crow_comm_rank(comm);
  digest[0] = 0;
  CROW_TRY_AGREE(comm, rank == 0 ? file_bytes(path, &bytes) : CROW_OK);
  CROW_TRY(crow_comm_broadcast(comm, &bytes, (int64_t)sizeof bytes, 0));
  const int64_t blocks = bytes <= BLOCK_BYTES ? 1 : (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&digests, blocks));
  CROW_TRY_AGREE(comm, digest_blocks(path, bytes, blocks, rank, crow_comm_size(comm), digests));
  /* Each digest is non-zero on one rank only, so adding them as integers puts them together. */
  CROW_TRY(crow_comm_sum_i64(comm, (int64_t *)(void *)digests, 2 * blocks));
  whole = digests[0];
  if (blocks > 1) XXH128_canonicalFromHash(&whole, XXH3_128bits(digests, (size_t)blocks * sizeof *digests));
  for (size_t i = 0; i < sizeof whole.digest; i++) (void)snprintf(digest + 2 * i, 3, "%02x", whole.digest[i]);
cleanup:
  crow_free(digests);
  return status;
}
