package dev.holdfast.host.cli;

/** What a host has answered to a command. */
record Answer(int status, String body) {}
