# SPDX-License-Identifier: ISC
# The programs with their libraries beside them, for hosts where packages cannot be installed.

.PHONY: bundle
bundle:
	@make/packages.sh build bundle
	@$(SUBMAKE) -j$(JOBS) all
	@make/bundle.sh $(BUILD)
