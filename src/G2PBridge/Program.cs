using G2PBridge.Commands;

return await CommandLine.RunAsync(args);
