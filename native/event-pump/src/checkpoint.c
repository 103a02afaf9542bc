/* V8's microtask checkpoint without C++ and without V8's headers.
 *
 * Node-API has no call that runs microtasks inside a JavaScript frame. These two functions have had the same
 * mangled names since V8 6 and take and return plain pointers, so they can be called from C by name. They are
 * weak: a Node without them loads the addon all the same, and JavaScript drains the queue itself. */
#include "pump.h"

void *isolate_current(void) __asm__("_ZN2v87Isolate10GetCurrentEv") __attribute__((weak));
void perform_checkpoint(void *isolate) __asm__("_ZN2v815MicrotasksScope17PerformCheckpointEPNS_7IsolateE")
	__attribute__((weak));

bool can_run_microtasks(void)
{
	return isolate_current && perform_checkpoint;
}

void run_microtasks(void)
{
	perform_checkpoint(isolate_current());
}
