# SPDX-License-Identifier: Apache-2.0
# What docs/ puts into the tarball.
EXTRA_DIST += docs/architecture.md docs/directives.md \
	docs/io-contract.md docs/testing.md
