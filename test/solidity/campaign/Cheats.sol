// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @notice What the campaigns ask of the test runner.
interface ICheats {
    function warp(uint256 time) external;
    function prank(address sender) external;
    function deal(address account, uint256 balance) external;
    function readFile(string calldata path) external view returns (string memory);
    function writeLine(string calldata path, string calldata line) external;
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
}

ICheats constant CHEATS = ICheats(address(uint160(uint256(keccak256("hevm cheat code")))));
