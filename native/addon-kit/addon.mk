# The one way an addon of ours is built. A package's Makefile sets
#   NAME    the addon: build/$(NAME).node
#   CFLAGS_LIB, LDLIBS_LIB   flags of the library that it binds
#   NEEDS   the Debian package with that library's headers, named when the build fails
# and includes this file. Plain C against Node's own headers: an addon links to nothing of Node.
KIT := $(dir $(lastword $(MAKEFILE_LIST)))
CC ?= cc
NODE_INCLUDE ?= $(shell node -p "require('node:path').resolve(process.execPath, '../../include/node')")
SOURCES := $(wildcard src/*.c)
# The packages are many small files: without link-time optimization every ring access is a call.
CFLAGS ?= -O3 -g -flto
# SAN=1 builds with AddressSanitizer and UBSan into build-san/.
OUT := $(if $(SAN),build-san,build)

comma := ,
SAN_FLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer -O1)
ALL_CFLAGS = -std=gnu11 -fPIC -fvisibility=hidden -Wall -Wextra -Wno-unused-parameter -D_GNU_SOURCE \
	-I$(KIT)include -I$(NODE_INCLUDE) $(CFLAGS) $(SAN_FLAGS) $(CFLAGS_LIB)

$(OUT)/$(NAME).node: $(SOURCES) $(wildcard src/*.h) $(wildcard $(KIT)include/*.h) Makefile $(KIT)addon.mk
	@test -f $(NODE_INCLUDE)/node_api.h || { echo "$(NAME): no node_api.h in $(NODE_INCLUDE): install Node.js with its headers, or set NODE_INCLUDE" >&2; exit 1; }
	@mkdir -p $(OUT)
	@$(CC) $(ALL_CFLAGS) -shared -o $@.tmp $(SOURCES) $(LDLIBS_LIB) || { rm -f $@.tmp; echo "$(NAME): build failed; it needs $(NEEDS)" >&2; exit 1; }
	@mv $@.tmp $@

clean:
	rm -rf build build-san

.PHONY: clean
