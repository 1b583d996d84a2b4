/* SPDX-License-Identifier: MIT */
#ifndef BATON_TOOLS_DOCTOR_H
#define BATON_TOOLS_DOCTOR_H

/* `baton doctor`: what this machine brings for Bluetooth. */
int baton_doctor_main(int argc, char **argv);

#endif
