// Main program of the PIM simulations: makes the clock until the hardware says $finish.
#include <memory>

#include "Vtop.h"
#include "verilated.h"

int main(int argc, char** argv) {
    const auto context = std::make_unique<VerilatedContext>();
    context->commandArgs(argc, argv);
    const auto top = std::make_unique<Vtop>(context.get());
    top->clk = 0;
    while (!context->gotFinish()) {
        top->clk = !top->clk;
        top->eval();
        context->timeInc(1);
    }
    top->final();
    return 0;
}
