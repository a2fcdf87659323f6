// Main program of the harness: makes the clock, and lets cocotb in only when there is something for it to do.
//
// The clock changes in every time step. While a run is under way (the harness' output `running`), Python has asked for
// nothing but the run's end, so the model is evaluated without a look at the VPI, whose bookkeeping would otherwise
// cost as much as a small engine. Timed callbacks that Python did ask for are served when they are due.

#include <cstdint>
#include <memory>

#include "Vtop.h"
#include "verilated.h"
#include "verilated_vpi.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

extern "C" void vlog_startup_routines_bootstrap();

namespace {

uint64_t now = 0;

// Evaluate, and let callbacks react, until nothing changes any more.
void settle(Vtop& top) {
    do {
        top.eval();
        VerilatedVpi::clearEvalNeeded();
        VerilatedVpi::doInertialPuts();
        while (VerilatedVpi::callValueCbs()) {}
    } while (VerilatedVpi::evalNeeded());
}

// One time step as cocotb expects it: timed callbacks, values, then the read-write and the read-only phase.
void serve(Vtop& top) {
    VerilatedVpi::callCbs(cbNextSimTime);
    VerilatedVpi::callTimedCbs();
    do {
        settle(top);
        VerilatedVpi::callCbs(cbReadWriteSynch);
        VerilatedVpi::doInertialPuts();
        while (VerilatedVpi::callValueCbs()) {}
    } while (VerilatedVpi::evalNeeded());
    VerilatedVpi::callCbs(cbReadOnlySynch);
}

}  // namespace

double sc_time_stamp() { return static_cast<double>(now); }

int main(int argc, char** argv) {
    Verilated::commandArgs(argc, argv);
    Verilated::fatalOnVpiError(false);
    const auto top = std::make_unique<Vtop>("");
#if VM_TRACE
    Verilated::traceEverOn(true);
    VerilatedVcdC trace;
    top->trace(&trace, 99);
    trace.open("dump.vcd");
#endif
    vlog_startup_routines_bootstrap();
    VerilatedVpi::callCbs(cbStartOfSimulation);
    while (VerilatedVpi::callValueCbs()) {}

    while (!Verilated::gotFinish()) {
        top->clk = !top->clk;
        top->eval();
        if (!top->running || VerilatedVpi::cbNextDeadline() <= now) serve(*top);
#if VM_TRACE
        trace.dump(now);
#endif
        ++now;
    }

    VerilatedVpi::callCbs(cbEndOfSimulation);
    top->final();
#if VM_TRACE
    trace.close();
#endif
    return Verilated::threadContextp()->errorCount() > 0 ? 1 : 0;
}
