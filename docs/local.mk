# SPDX-License-Identifier: Apache-2.0
# What docs/ puts into the tarball.
EXTRA_DIST += docs/addresses.md docs/architecture.md docs/directives.md \
	docs/dotnet-map.md docs/io-contract.md docs/messages.md docs/testing.md
