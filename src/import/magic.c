/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are no tables of text are named by their first bytes, so that nobody sees those bytes. */
#include "import/magic_impl.h"

#include <string.h>

static const struct {
  const char *bytes;
  size_t count;
  const char *is, *advice;
} MAGIC[] = {
    {"PAR1", 4, "a Parquet file", "convert it first: jobs/convert/parquet.py FILE -o FILE.jsonl"},
    {"ARROW1", 6, "an Arrow file", "convert it first: jobs/convert/parquet.py FILE -o FILE.jsonl"},
    {"FEA1", 4, "a Feather file", "convert it first: jobs/convert/parquet.py FILE -o FILE.jsonl"},
    {"\xff\xff\xff\xff", 4, "an Arrow stream", "convert it first: jobs/convert/parquet.py FILE -o FILE.jsonl"},
    {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file", "contexts are named as FILE:PATH, and preferences need no import"},
    {"\x93NUMPY", 6, "a NumPy array", "it is taken as --contexts"},
    {"PK\3\4", 4, "a zip archive (.npz, .xlsx, .pt)",
     "a .npz is taken as --contexts FILE:NAME; a spreadsheet is saved as CSV; of a .pt file the tensor is saved by "
     "numpy.save(\"x.npy\", x.numpy())"},
    {"\x1f\x8b", 2, "compressed by gzip twice", "unpack it once: gunzip"},
    {"\x28\xb5\x2f\xfd", 4, "compressed by Zstandard", "unpack it first: zstd -d FILE"},
    {"BZh", 3, "compressed by bzip2", "unpack it first: bunzip2 FILE"},
    {"\xfd"
     "7zXZ",
     5, "compressed by xz", "unpack it first: unxz FILE"},
    {"SQLite format 3", 15, "an SQLite database", "sqlite3 -header -csv FILE 'select ...' > FILE.csv"},
    {"\x80\2", 2, "a Python pickle", "save arrays by numpy.save, tables as CSV"},
    {"\x80\3", 2, "a Python pickle", "save arrays by numpy.save, tables as CSV"},
    {"\x80\4", 2, "a Python pickle", "save arrays by numpy.save, tables as CSV"},
    {"\x80\5", 2, "a Python pickle", "save arrays by numpy.save, tables as CSV"},
    {"%PDF", 4, "a PDF document", "expected a table"},
    {"\xff\xfe", 2, "UTF-16 text, expected UTF-8", "iconv -f UTF-16 -t UTF-8 FILE"},
    {"\xfe\xff", 2, "UTF-16 text, expected UTF-8", "iconv -f UTF-16 -t UTF-8 FILE"},
    {"version https://git-lfs", 23, "a pointer of Git LFS, not the file itself", "git lfs pull"},
};

/* A .safetensors file begins with the length of its JSON header in 8 bytes. */
static bool is_safetensors(const unsigned char *at, size_t bytes) {
  return bytes >= 9 && at[8] == '{' && !at[7] && !at[6] && !at[5] && !at[4];
}

crow_status crow_magic_refuse(const char *name, const void *first, size_t bytes) {
  const unsigned char *at = first;
  const char *is = NULL, *advice = "";
  for (size_t k = 0; k < sizeof MAGIC / sizeof *MAGIC && !is; k++) {
    if (bytes < MAGIC[k].count || memcmp(at, MAGIC[k].bytes, MAGIC[k].count) != 0) continue;
    is = MAGIC[k].is;
    advice = MAGIC[k].advice;
  }
  if (!is && is_safetensors(at, bytes)) {
    is = "a .safetensors file";
    advice = "it is taken as --contexts FILE:NAME";
  }
  size_t k = 0;
  while (k < bytes && (at[k] == ' ' || at[k] == '\n' || at[k] == '\r' || at[k] == '\t')) k++;
  if (!is && k < bytes && at[k] == '[') {
    is = "one JSON array, expected one JSON object a line";
    advice = "jq -c '.[]' FILE > FILE.jsonl";
  }
  const unsigned char *end = memchr(at, '\n', bytes);
  if (!is && memchr(at, 0, end ? (size_t)(end - at) : bytes)) {
    is = "not text: its first line holds a zero byte";
    advice = "expected CSV, TSV or JSON lines in UTF-8, perhaps compressed by gzip";
  }
  return is ? crow_error(CROW_BAD_INPUT, "%s: is %s; %s", name, is, advice) : CROW_OK;
}
