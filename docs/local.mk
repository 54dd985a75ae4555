# SPDX-License-Identifier: Apache-2.0
# What docs/ puts into the tarball.
EXTRA_DIST += docs/addresses.md docs/architecture.md docs/directives.md \
	docs/dotnet-map.md docs/errors.md docs/io-contract.md \
	docs/messages.md docs/security.md docs/sending.md \
	docs/states.md docs/testing.md
